/** Is the namespace of XML Schema datatypes. */
export const XSD = 'http://www.w3.org/2001/XMLSchema#'
/** Is the namespace of RDF. */
export const RDF_NS = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'
/** Is the datatype of plain text. */
export const XSD_STRING: string = `${XSD}string`
/** Is the datatype of booleans. */
export const XSD_BOOLEAN: string = `${XSD}boolean`
/** Is the datatype of integers of any size. */
export const XSD_INTEGER: string = `${XSD}integer`
/** Is the datatype of decimals. */
export const XSD_DECIMAL: string = `${XSD}decimal`
/** Is the datatype of 32-bit floats. */
export const XSD_FLOAT: string = `${XSD}float`
/** Is the datatype of 64-bit floats. */
export const XSD_DOUBLE: string = `${XSD}double`
/** Is the datatype of points in time. */
export const XSD_DATE_TIME: string = `${XSD}dateTime`
/** Is the datatype of dates. */
export const XSD_DATE: string = `${XSD}date`
/** Is the datatype of times of day. */
export const XSD_TIME: string = `${XSD}time`
/** Is the datatype of durations of days to seconds. */
export const XSD_DAY_TIME_DURATION: string = `${XSD}dayTimeDuration`
/** Is the datatype of durations of years and months. */
export const XSD_YEAR_MONTH_DURATION: string = `${XSD}yearMonthDuration`
/** Is the datatype of text in a language. */
export const RDF_LANG_STRING: string = `${RDF_NS}langString`
/** Is the datatype of text in a language with a base direction. */
export const RDF_DIR_LANG_STRING: string = `${RDF_NS}dirLangString`
