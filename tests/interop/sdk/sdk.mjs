// Does with the clients of the SDK what it is told to. Arguments: the URL of a node.
// In: {do, …}; out: {result} or {error}. `seed` names the account that signs.
import { CeramicClient } from '@ceramic-sdk/http-client'
import { CommitID, StreamID } from '@ceramic-sdk/identifiers'
import { ModelClient } from '@ceramic-sdk/model-client'
import { ModelInstanceClient } from '@ceramic-sdk/model-instance-client'
import { StreamClient } from '@ceramic-sdk/stream-client'
import { getAuthenticatedDID } from '@didtools/key-did'

import { answerLines } from './lines.mjs'

const ceramic = new CeramicClient({ url: process.argv[2] })
const models = new ModelClient({ ceramic })
const documents = new ModelInstanceClient({ ceramic })
const streams = new StreamClient({ ceramic })

const dids = new Map()

async function didOf(seed) {
  if (!dids.has(seed)) dids.set(seed, await getAuthenticatedDID(new Uint8Array(32).fill(seed)))
  return dids.get(seed)
}

function shown({ commitID, content, metadata }) {
  return {
    stream: commitID.baseID.toString(),
    commit: commitID.commit.toString(),
    content,
    metadata: { ...metadata, model: metadata.model?.toString() },
  }
}

const commit = (id) => ({ stream: id.baseID.toString(), commit: id.commit.toString(), id: id.toString() })

const orders = {
  did: async ({ seed }) => (await didOf(seed)).id,
  version: () => ceramic.getVersion(),
  feed: () => ceramic.getEventsFeed(),
  page: async ({ query }) => (await ceramic.api.GET('/feed/events', { params: { query } })).data,
  interest: ({ model }) => ceramic.registerInterestModel(model),
  event: ({ cid }) => ceramic.getEvent(cid),
  eventRoot: async ({ cid }) => (await ceramic.getEventCAR(cid)).roots[0].toString(),
  post: ({ data }) => ceramic.postEvent(data),

  createModel: async ({ definition, seed }) =>
    (await models.createDefinition(definition, await didOf(seed))).toString(),
  modelDefinition: ({ model }) => models.getModelDefinition(model),
  modelPayload: async ({ model, seed }) => {
    const { data, header } = await models.getPayload(model, await didOf(seed))
    return { data, controllers: header.controllers.map(String), model: header.model.toString() }
  },
  updateModel: async ({ model, content, seed }) =>
    shown(await models.updateDefinition({ streamID: model, newContent: content, controller: await didOf(seed) })),
  documentModel: ({ stream }) => models.getDocumentModel(stream),

  create: async ({ model, definition, content, shouldIndex, seed }) =>
    commit(
      await documents.createInstance({
        model: StreamID.fromString(model),
        modelDefinition: definition,
        content,
        shouldIndex,
        controller: await didOf(seed),
      }),
    ),
  state: async ({ stream }) => shown(await documents.getDocumentState(stream)),
  streamState: ({ stream }) => streams.getStreamState(stream),
  update: async ({ stream, content, currentState, shouldIndex, seed }) =>
    shown(
      await documents.updateDocument({
        streamID: stream,
        newContent: content,
        currentState,
        shouldIndex,
        controller: await didOf(seed),
      }),
    ),
  documentEvent: async ({ id }) => {
    const event = await documents.getEvent(CommitID.fromString(id))
    return 'jws' in event ? { link: event.jws.link.toString(), signed: true } : { header: Object.keys(event.header) }
  },
}

await answerLines(async (order) => ({ result: await orders[order.do](order) }))
