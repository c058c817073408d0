// Asks with the client for SQL what it is told to. Arguments: the port of a node.
// In: {do, …}; out: {result} or {error}. Answers are files of Arrow in base64.
import { answerLines } from './lines.mjs'

// It would write its log to where the answers go.
process.env.RUST_LOG = 'off'
const { createFlightSqlClient } = (await import('@ceramic-sdk/flight-sql-client')).default

const port = Number(process.argv[2])
const open = (more = {}) => createFlightSqlClient({ headers: [], tls: false, host: '127.0.0.1', port, ...more })
const text = (buffer) => (buffer === null ? null : buffer.toString('base64'))

const client = await open()
const feeds = new Map()

const DOES = {
  query: ({ sql }) => client.query(sql).then(text),
  prepared: ({ sql, values }) => client.preparedQuery(sql, values).then(text),
  catalogs: () => client.getCatalogs().then(text),
  schemas: ({ options }) => client.getDbSchemas(options).then(text),
  tables: ({ options }) => client.getTables(options).then(text),
  feed: async ({ name, sql }) => {
    feeds.set(name, await client.feedQuery(sql))
  },
  preparedFeed: async ({ name, sql, values }) => {
    feeds.set(name, await client.preparedFeedQuery(sql, values))
  },
  next: ({ name }) => feeds.get(name).next().then(text),
  withToken: async ({ token, sql }) => text(await (await open({ token })).query(sql)),
}

await answerLines(async (order) => ({ result: await DOES[order.do](order) }))
process.exit(0)
