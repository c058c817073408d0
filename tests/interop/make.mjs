// Makes events with the packages for JavaScript.
// In: {id, kind: init|data|deterministic, key: {type, secret, did}, …}. Out: {id, cid, car, stream}; bytes are in hex.
// A key may have a capability (the CACAO as JSON), under which it signs.
import { createSignedInitEvent, encodeEventToCAR, signEvent, signedEventToCAR } from '@ceramic-sdk/events'
import { carToString } from '@ceramic-sdk/events'
import { StreamID } from '@ceramic-sdk/identifiers'
import {
  DeterministicInitEventPayload,
  DocumentDataEventPayload,
  getDeterministicStreamID,
} from '@ceramic-sdk/model-instance-protocol'
import { ES256KSigner, ES256Signer, createJWS } from 'did-jwt'
import { DID } from 'dids'
import { Ed25519Provider } from 'key-did-provider-ed25519'
import * as KeyResolver from 'key-did-resolver'
import { CID } from 'multiformats/cid'

import { answerLines } from './lines.mjs'

const SIGNERS = {
  secp256k1: { alg: 'ES256K', signer: ES256KSigner },
  p256: { alg: 'ES256', signer: ES256Signer },
}

const bytes = (hex) => new Uint8Array(Buffer.from(hex, 'hex'))
const stable = (map) => Object.fromEntries(Object.entries(map).sort(([left], [right]) => (left < right ? -1 : 1)))

// What key-did-provider-ed25519 does, for the kinds of keys that have no such package of this generation.
class EcdsaProvider {
  isDidProvider = true

  constructor({ type, secret, did }) {
    this.did = did
    this.alg = SIGNERS[type].alg
    this.signer = SIGNERS[type].signer(bytes(secret))
  }

  async sign(payload, header) {
    const kid = `${this.did}#${this.did.split(':')[2]}`
    const text = await createJWS(payload, this.signer, stable({ ...header, kid, alg: this.alg }))
    const [start, middle, signature] = text.split('.')
    return { payload: middle, signatures: [{ protected: start, signature }] }
  }

  async send({ id, method, params }) {
    const { aud, nonce, paths } = params
    const exp = Math.floor(Date.now() / 1000) + 600
    const result =
      method === 'did_authenticate'
        ? await this.sign(stable({ did: this.did, aud, nonce, paths, exp }), {})
        : { jws: await this.sign(params.payload, params.protected ?? {}) }
    return { jsonrpc: '2.0', id, result }
  }
}

const known = new Map()

async function authenticated(key) {
  const provider = key.type === 'ed25519' ? new Ed25519Provider(bytes(key.secret)) : new EcdsaProvider(key)
  const did = new DID({ provider, resolver: KeyResolver.getResolver(), capability: key.capability })
  await did.authenticate()
  return did
}

async function didOf(key) {
  const name = JSON.stringify(key)
  if (!known.has(name)) known.set(name, await authenticated(key))
  return known.get(name)
}

function headerOf({ model, unique, context, shouldIndex }) {
  return {
    model: StreamID.fromString(model),
    sep: 'model',
    ...(unique == null ? {} : { unique: bytes(unique) }),
    ...(context == null ? {} : { context: StreamID.fromString(context) }),
    ...(shouldIndex == null ? {} : { shouldIndex }),
  }
}

const MAKERS = {
  async init(order) {
    return signedEventToCAR(await createSignedInitEvent(await didOf(order.key), order.data, headerOf(order.header)))
  },

  async data(order) {
    const payload = {
      data: order.data,
      id: CID.parse(order.stream),
      prev: CID.parse(order.prev),
      ...(order.shouldIndex == null ? {} : { header: { shouldIndex: order.shouldIndex } }),
    }
    if (!DocumentDataEventPayload.is(payload)) throw new Error('no payload of a data event')
    return signedEventToCAR(await signEvent(await didOf(order.key), payload))
  },

  async deterministic(order) {
    const header = { ...headerOf(order.header), controllers: [order.header.controller] }
    const car = encodeEventToCAR(DeterministicInitEventPayload, { data: null, header })
    car.stream = getDeterministicStreamID(header).toString()
    return car
  },
}

await answerLines(async (order) => {
  const car = await MAKERS[order.kind](order)
  return { cid: car.roots[0].toString(), car: carToString(car), stream: car.stream }
})
