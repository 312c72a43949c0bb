import { type CachedData, cachedTables } from '../cached-tables.ts'

const ROWS = 2_000_000
const KEYS = 200_000

/** Makes two million events under 200 thousand keys that are text, once on a machine. */
export function eventData(): Promise<CachedData> {
  return cachedTables('events-1', [
    {
      name: 'events',
      columns: 'id INTEGER, key VARCHAR, kind VARCHAR, value DOUBLE',
      rows: `SELECT i::INTEGER, 'key ' || lpad((hash(i * 10 + 1) % ${KEYS})::VARCHAR, 6, '0'), 'kind ' || (hash(i * 10 + 2) % 20), (hash(i * 10 + 3) % 100000000)::DOUBLE FROM range(${ROWS}) t(i)`,
    },
  ])
}
