// Does with js-ceramic's HTTP client what it is told to. Arguments: the URL of a node.
// In: {do, …}; out: {result} or {error}.
import { CeramicClient } from '@ceramicnetwork/http-client'

import { answerLines } from './lines.mjs'

const ceramic = new CeramicClient(process.argv[2])

const shown = (stream) => ({
  id: stream.id.toString(),
  kind: stream.constructor.name,
  content: stream.content,
  controller: stream.metadata.controller,
  model: stream.metadata.model?.toString(),
  unique: stream.metadata.unique == null ? null : Buffer.from(stream.metadata.unique).toString('hex'),
  tip: stream.tip.toString(),
  commits: stream.allCommitIds.map(String),
  anchors: stream.anchorCommitIds.map(String),
  anchorStatus: stream.state.anchorStatus,
  proof: stream.state.anchorProof && {
    root: stream.state.anchorProof.root.toString(),
    txHash: stream.state.anchorProof.txHash.toString(),
    chainId: stream.state.anchorProof.chainId,
  },
  log: stream.state.log.map(({ cid, type, timestamp }) => ({ cid: cid.toString(), type, timestamp: timestamp ?? null })),
})

const page = ({ edges, pageInfo }) => ({
  edges: edges.map(({ cursor, node }) => ({ cursor, content: node?.content, type: node?.type })),
  pageInfo,
})

const orders = {
  load: async ({ id, opts }) => shown(await ceramic.loadStream(id, opts)),
  commits: async ({ id }) =>
    (await ceramic.loadStreamCommits(id)).map(({ cid, value }) => ({
      cid,
      link: value.jws?.link.toString() ?? null,
      linked: value.linkedBlock ? Buffer.from(value.linkedBlock).toString('hex') : null,
      signature: value.jws?.signatures[0].signature ?? null,
      prev: value.prev?.toString() ?? null,
      proof: value.proof?.toString() ?? null,
      path: value.path ?? null,
      header: value.header ? Object.keys(value.header).sort() : null,
    })),
  multi: async ({ queries }) =>
    Object.fromEntries(Object.entries(await ceramic.multiQuery(queries)).map(([id, stream]) => [id, shown(stream)])),
  query: async ({ query }) => page(await ceramic.index.query(query)),
  count: ({ query }) => ceramic.index.count(query),
  chains: () => ceramic.getSupportedChains(),
}

await answerLines(async (order) => ({ result: await orders[order.do](order) }))
