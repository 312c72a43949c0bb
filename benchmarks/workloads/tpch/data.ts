import type { CachedData, TableRecipe } from '../cached-tables.ts'
import { cachedTables } from '../cached-tables.ts'

/** Is how large the data is: 1 makes 1.5 million orders with 6 million line items. */
const SCALE = Number(process.env['SHEAF_TPCH_SCALE'] ?? 1)
const ORDERS = Math.round(1_500_000 * SCALE)
const CUSTOMERS = Math.round(150_000 * SCALE)
const PARTS = Math.round(200_000 * SCALE)
const SUPPLIERS = Math.round(10_000 * SCALE)

const list = (words: string): string => `[${words.split(' ').map((word) => `'${word}'`)}]`
const COLOURS = list(
  'almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood chartreuse chiffon chocolate coral cornsilk cream cyan dark dim dodger drab firebrick floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta maroon medium metallic midnight mint misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder puff purple red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel tan thistle tomato turquoise violet wheat white yellow',
)
const WORDS = list(
  'special requests pending deposits quickly express packages furiously ironic accounts carefully regular theodolites blithely final Customer Complaints silent platelets even asymptotes',
)
const NATIONS =
  "['ALGERIA','ARGENTINA','BRAZIL','CANADA','EGYPT','ETHIOPIA','FRANCE','GERMANY','INDIA','INDONESIA','IRAN','IRAQ','JAPAN','JORDAN','KENYA','MOROCCO','MOZAMBIQUE','PERU','CHINA','ROMANIA','SAUDI ARABIA','VIETNAM','RUSSIA','UNITED KINGDOM','UNITED STATES']"
const NATION_REGIONS = '[0,1,1,1,4,0,3,3,2,2,4,4,2,4,0,0,0,1,2,3,4,2,3,3,1]'
const REGIONS = "['AFRICA','AMERICA','ASIA','EUROPE','MIDDLE EAST']"
const SEGMENTS = "['AUTOMOBILE','BUILDING','FURNITURE','MACHINERY','HOUSEHOLD']"
const PRIORITIES = "['1-URGENT','2-HIGH','3-MEDIUM','4-NOT SPECIFIED','5-LOW']"
const MODES = "['REG AIR','AIR','RAIL','SHIP','TRUCK','MAIL','FOB']"
const INSTRUCTIONS = "['DELIVER IN PERSON','COLLECT COD','NONE','TAKE BACK RETURN']"
const TYPES = [
  "['STANDARD','SMALL','MEDIUM','LARGE','ECONOMY','PROMO']",
  "['ANODIZED','BURNISHED','PLATED','POLISHED','BRUSHED']",
  "['TIN','NICKEL','BRASS','STEEL','COPPER']",
]
const CONTAINERS = [
  "['SM','LG','MED','JUMBO','WRAP']",
  "['CASE','BOX','BAG','JAR','PKG','PACK','CAN','DRUM']",
]

/** Gives an integer from 0 up to `below` that depends on the row, the seed and nothing else. */
const draw = (row: string, seed: number, below: number | string): string =>
  `(hash(${row} * 1000 + ${seed}) % ${below})::BIGINT`
const pick = (row: string, seed: number, values: string): string =>
  `${values}[1 + ${draw(row, seed, `len(${values})`)}]`
const words = (row: string, seed: number, count: number, values: string): string =>
  Array.from({ length: count }, (_, at) => pick(row, seed + at, values)).join(" || ' ' || ")
const money = (row: string, seed: number, from: number, to: number): string =>
  `((${from * 100} + ${draw(row, seed, (to - from) * 100)}) / 100)::DOUBLE`
const phone = (row: string, nation: string): string =>
  `(10 + ${nation}) || '-' || (100 + ${draw(row, 71, 900)}) || '-' || (1000 + ${draw(row, 72, 9000)})`
/** The supplier of one of the four offers of a part. */
const offer = (part: string, at: string): string =>
  `(${part} + ${at} * ${Math.floor(SUPPLIERS / 4)}) % ${SUPPLIERS} + 1`
const padded = (key: string): string => `lpad(${key}::VARCHAR, 9, '0')`

const price = '(90000 + (p % 20001) * 10 + 100 * (p % 1000)) / 100'

const TABLES: readonly TableRecipe[] = [
  {
    name: 'region',
    columns: 'r_regionkey INTEGER, r_name VARCHAR',
    rows: `SELECT i::INTEGER, ${REGIONS}[i + 1] FROM range(5) t(i)`,
  },
  {
    name: 'nation',
    columns: 'n_nationkey INTEGER, n_name VARCHAR, n_regionkey INTEGER',
    rows: `SELECT i::INTEGER, ${NATIONS}[i + 1], ${NATION_REGIONS}[i + 1]::INTEGER FROM range(25) t(i)`,
  },
  {
    name: 'supplier',
    columns:
      's_suppkey INTEGER, s_name VARCHAR, s_address VARCHAR, s_nationkey INTEGER, s_phone VARCHAR, s_acctbal DOUBLE, s_comment VARCHAR',
    rows: `SELECT s::INTEGER, 'Supplier#' || ${padded('s')}, 'address ' || s, n::INTEGER, ${phone('s', 'n')}, ${money('s', 1, -999, 9999)}, ${words('s', 2, 5, WORDS)} FROM (SELECT s, ${draw('s', 3, 25)} AS n FROM range(1, ${SUPPLIERS + 1}) t(s))`,
  },
  {
    name: 'customer',
    columns:
      'c_custkey INTEGER, c_name VARCHAR, c_address VARCHAR, c_nationkey INTEGER, c_phone VARCHAR, c_acctbal DOUBLE, c_mktsegment VARCHAR, c_comment VARCHAR',
    rows: `SELECT c::INTEGER, 'Customer#' || ${padded('c')}, 'address ' || c, n::INTEGER, ${phone('c', 'n')}, ${money('c', 11, -999, 9999)}, ${pick('c', 12, SEGMENTS)}, ${words('c', 13, 4, WORDS)} FROM (SELECT c, ${draw('c', 19, 25)} AS n FROM range(1, ${CUSTOMERS + 1}) t(c))`,
  },
  {
    name: 'part',
    columns:
      'p_partkey INTEGER, p_name VARCHAR, p_mfgr VARCHAR, p_brand VARCHAR, p_type VARCHAR, p_size INTEGER, p_container VARCHAR, p_retailprice DOUBLE',
    rows: `SELECT p::INTEGER, ${words('p', 21, 5, COLOURS)}, 'Manufacturer#' || m, 'Brand#' || m || (1 + ${draw('p', 27, 5)}), ${TYPES.map((values, at) => pick('p', 28 + at, values)).join(" || ' ' || ")}, (1 + ${draw('p', 32, 50)})::INTEGER, ${CONTAINERS.map((values, at) => pick('p', 33 + at, values)).join(" || ' ' || ")}, (${price})::DOUBLE FROM (SELECT p, 1 + ${draw('p', 26, 5)} AS m FROM range(1, ${PARTS + 1}) t(p))`,
  },
  {
    name: 'partsupp',
    columns: 'ps_partkey INTEGER, ps_suppkey INTEGER, ps_availqty INTEGER, ps_supplycost DOUBLE',
    rows: `SELECT p::INTEGER, (${offer('p', 'k')})::INTEGER, (1 + ${draw('(p * 4 + k)', 41, 9999)})::INTEGER, ${money('(p * 4 + k)', 42, 1, 1000)} FROM range(1, ${PARTS + 1}) t(p), range(4) u(k)`,
  },
  {
    name: 'orders',
    columns:
      'o_orderkey INTEGER, o_custkey INTEGER, o_orderstatus VARCHAR, o_totalprice DOUBLE, o_orderdate DATE, o_orderpriority VARCHAR, o_clerk VARCHAR, o_shippriority INTEGER, o_comment VARCHAR',
    rows: `SELECT o::INTEGER, (1 + c - c % 3)::INTEGER, ${pick('o', 51, "['F','F','O','O','P']")}, ${money('o', 52, 900, 500_000)}, DATE '1992-01-01' + ${draw('o', 53, 2406)}::INTEGER, ${pick('o', 54, PRIORITIES)}, 'Clerk#' || ${padded(draw('o', 55, Math.ceil(1000 * SCALE)))}, 0, ${words('o', 56, 4, WORDS)} FROM (SELECT o, ${draw('o', 50, CUSTOMERS)} AS c FROM range(1, ${ORDERS + 1}) t(o)) ORDER BY 1`,
  },
  {
    name: 'lineitem',
    columns:
      'l_orderkey INTEGER, l_partkey INTEGER, l_suppkey INTEGER, l_linenumber INTEGER, l_quantity DOUBLE, l_extendedprice DOUBLE, l_discount DOUBLE, l_tax DOUBLE, l_returnflag VARCHAR, l_linestatus VARCHAR, l_shipdate DATE, l_commitdate DATE, l_receiptdate DATE, l_shipinstruct VARCHAR, l_shipmode VARCHAR',
    rows: `SELECT o::INTEGER, p::INTEGER, (${offer('p', draw('r', 61, 4))})::INTEGER, line::INTEGER, q::DOUBLE, (q * ${price})::DOUBLE, (${draw('r', 62, 11)} / 100)::DOUBLE, (${draw('r', 63, 9)} / 100)::DOUBLE, CASE WHEN received <= DATE '1995-06-17' THEN ${pick('r', 64, "['R','A']")} ELSE 'N' END, CASE WHEN shipped > DATE '1995-06-17' THEN 'O' ELSE 'F' END, shipped, ordered + (30 + ${draw('r', 65, 61)})::INTEGER, received, ${pick('r', 66, INSTRUCTIONS)}, ${pick('r', 67, MODES)} FROM (SELECT *, shipped + (1 + ${draw('r', 68, 30)})::INTEGER AS received FROM (SELECT o, line, r, ordered, 1 + ${draw('r', 69, PARTS)} AS p, 1 + ${draw('r', 70, 50)} AS q, ordered + (1 + ${draw('r', 73, 121)})::INTEGER AS shipped FROM (SELECT o, line, o * 8 + line AS r, DATE '1992-01-01' + ${draw('o', 53, 2406)}::INTEGER AS ordered FROM range(1, ${ORDERS + 1}) t(o), range(1, 8) u(line) WHERE line <= 1 + ${draw('o', 74, 7)}))) ORDER BY 1, 4`,
  },
]

/** Makes data of the shape of TPC-H, once on a machine. */
export function tpchData(): Promise<CachedData> {
  return cachedTables(`tpch-1-${SCALE}`, TABLES)
}
