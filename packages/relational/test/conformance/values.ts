import { type Batch, columnReader, decimalText } from '@sheafdb/core'
import { type DataType, type Decimal, Type } from 'apache-arrow'

type Read = (value: unknown) => string

/** Renders the rows of batches as DuckDB's text of each value. */
export function textRows(batches: readonly Batch[], types: readonly DataType[]): string[][] {
  const renderers = types.map((type) => renderer(type))
  const rows: string[][] = []
  for (const batch of batches) {
    const readers = batch.columns.map(columnReader)
    const count = batch.selection === null ? batch.length : batch.selection.length
    for (let at = 0; at < count; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      rows.push(readers.map((read, index) => (renderers[index] as Read)(read(row))))
    }
  }
  return rows
}

function renderer(type: DataType): Read {
  const render = valueRenderer(type)
  return (value) => (value === null || value === undefined ? 'NULL' : render(value))
}

/** Tells whether a list holds the entries of a MAP, or a struct the members of a UNION. */
function heldIn(type: DataType): 'map' | 'union' | undefined {
  return (type as { holds?: 'map' | 'union' }).holds
}

function mapRenderer(type: DataType): Read {
  const entry = type.children[0]?.type as DataType
  const [key, value] = entry.children.map((field) => nested(field.type)) as [Read, Read]
  return (entries) =>
    `{${Array.from(entries as { key: unknown; value: unknown }[], (entry) => `${key(entry.key)}=${value(entry.value)}`).join(', ')}}`
}

function unionRenderer(type: DataType): Read {
  const [tag, ...members] = type.children
  const inner = new Map(members.map((field) => [field.name, renderer(field.type)]))
  return (value) => {
    const struct = value as Record<string, unknown>
    const name = String(struct[tag?.name ?? ''])
    return (inner.get(name) as Read)(struct[name])
  }
}

function valueRenderer(type: DataType): Read {
  if (heldIn(type) === 'map') return mapRenderer(type)
  if (heldIn(type) === 'union') return unionRenderer(type)
  switch (type.typeId) {
    case Type.Utf8:
      return (value) => (value === '' ? '(empty)' : String(value))
    case Type.Float:
      return (value) => floatText(value as number, (type as unknown as { precision: number }).precision === 1)
    case Type.Decimal:
      return (value) => decimalText(BigInt(value as bigint), (type as Decimal).scale)
    case Type.Date:
      return (value) => dateText(Number(value))
    case Type.Time:
      return (value) => timeText(BigInt(value as number))
    case Type.Timestamp:
      return (value) =>
        timestampText(BigInt(value as number), type as unknown as { unit: number; timezone?: string })
    case Type.List:
    case Type.FixedSizeList: {
      const inner = nested(type.children[0]?.type as DataType)
      return (value) => `[${Array.from(value as unknown[], inner).join(', ')}]`
    }
    case Type.Struct: {
      const inner = type.children.map((field) => nested(field.type))
      return (value) =>
        `{${type.children.map((field, index) => `'${field.name}': ${(inner[index] as Read)((value as Record<string, unknown>)[field.name])}`).join(', ')}}`
    }
    case Type.Binary:
      return (value) => blobText(value as Uint8Array)
    default:
      return String
  }
}

/** Inside lists and structs, text is quoted where it would be misread. */
function nested(type: DataType): Read {
  const render = renderer(type)
  if (type.typeId === Type.List || type.typeId === Type.FixedSizeList || type.typeId === Type.Struct)
    return render
  return (value) => {
    if (value === null || value === undefined) return 'NULL'
    const text = value === '' ? '' : render(value)
    return /^$|^\s|\s$|[[\]{}(),'":=]|^null$/i.test(text)
      ? `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
      : text
  }
}

function floatText(value: number, isFloat32: boolean): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return `${Object.is(value, -0) ? '-0' : value}.0`
  return isFloat32 ? String(Number(value.toPrecision(9))) : String(value)
}

function blobText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 32 && byte < 127 && byte !== 92 && byte !== 39 && byte !== 34
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}

const two = (value: number | bigint) => String(value).padStart(2, '0')

/** Renders days since the epoch by the proleptic Gregorian calendar. */
function dateText(days: number): string {
  if (days === 2147483647) return 'infinity'
  if (days === -2147483647) return '-infinity'
  const shifted = days + 719468
  const era = Math.floor(shifted / 146097)
  const dayOfEra = shifted - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return year > 0
    ? `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
    : `${String(1 - year).padStart(4, '0')}-${two(month)}-${two(day)} (BC)`
}

function timeText(micros: bigint): string {
  const seconds = micros / 1_000_000n
  const fraction = micros % 1_000_000n
  const text = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  return fraction === 0n ? text : `${text}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`
}

const PER_SECOND = [1n, 1000n, 1_000_000n, 1_000_000_000n]

function timestampText(units: bigint, { unit, timezone }: { unit: number; timezone?: string }): string {
  if (units === 9223372036854775807n) return 'infinity'
  if (units === -9223372036854775807n) return '-infinity'
  const perSecond = PER_SECOND[unit] as bigint
  const perDay = perSecond * 86_400n
  const days = units / perDay - (units % perDay < 0n ? 1n : 0n)
  const rest = units - days * perDay
  const seconds = rest / perSecond
  const fraction = rest % perSecond
  const time = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  const digits =
    unit === 0 || fraction === 0n
      ? ''
      : `.${String(fraction)
          .padStart(unit * 3, '0')
          .replace(/0+$/, '')}`
  const [date, era = ''] = dateText(Number(days)).split(' ')
  return `${date}${era === '' ? '' : ` ${era}`} ${time}${digits}${timezone ? '+00' : ''}`
}
