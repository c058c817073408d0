// Reads events as the packages for JavaScript do, and says what they see.
// In: {id, car}, the CAR as multibase text. Out: {id, root, blocks, kind, payload, kid, verified, capability, car, exact}.
import { InitEventPayload, TimeEvent, carFromString, carToString, eventFromCAR } from '@ceramic-sdk/events'
import { encodeEventToCAR, getSignedEventPayload, signedEventToCAR } from '@ceramic-sdk/events'
import { DocumentDataEventPayload } from '@ceramic-sdk/model-instance-protocol'
import * as dagCbor from '@ipld/dag-cbor'
import { CARFactory, CarBlock } from 'cartonne'
import { decode, union } from 'codeco'
import * as dagJose from 'dag-jose'
import { DID } from 'dids'
import * as KeyResolver from 'key-did-resolver'
import { sha256 } from 'multiformats/hashes/sha2'

import { answerLines } from './lines.mjs'

const Unsigned = union([TimeEvent, InitEventPayload])
const Signed = union([DocumentDataEventPayload, InitEventPayload])
const CODECS = { [dagCbor.code]: dagCbor, [dagJose.code]: dagJose }
const verifier = new DID({ resolver: KeyResolver.getResolver() })
const cars = new CARFactory()
cars.codecs.add(dagJose)

const same = (left, right) => Buffer.compare(left, right) === 0

// Whether every block has the bytes that JavaScript gives its value, and hashes to its CID.
async function isExact(car) {
  for (const block of car.blocks) {
    const codec = CODECS[block.cid.code]
    const hashed = await sha256.digest(block.payload)
    if (!same(codec.encode(codec.decode(block.payload)), block.payload)) return false
    if (!same(hashed.digest, block.cid.multihash.digest)) return false
  }
  return true
}

// The same blocks in the same order, put into a CAR of its own.
function repacked(car) {
  const copy = cars.build()
  for (const block of car.blocks) copy.blocks.put(new CarBlock(block.cid, block.payload))
  copy.roots.push(...car.roots)
  return copy
}

async function signedPart(event) {
  const payload = await getSignedEventPayload(Signed, event)
  const verified = await verifier.verifyJWS(event.jws)
  return {
    kind: DocumentDataEventPayload.is(payload) ? 'data' : 'init',
    payload: event.jws.link.toString(),
    kid: verified.kid,
    verified: true,
    capability: event.cacaoBlock != null,
    car: carToString(signedEventToCAR(event)),
  }
}

function unsignedPart(event, car) {
  if (TimeEvent.is(event)) return { kind: 'time', prev: event.prev.toString(), car: carToString(repacked(car)) }
  return { kind: 'init', car: carToString(encodeEventToCAR(InitEventPayload, event)) }
}

await answerLines(async ({ car: text }) => {
  const car = carFromString(text)
  const event = eventFromCAR(Unsigned, car)
  return {
    root: car.roots[0].toString(),
    blocks: [...car.blocks].map((block) => block.cid.toString()),
    exact: await isExact(car),
    ...(event.jws == null ? unsignedPart(decode(Unsigned, event), car) : await signedPart(event)),
  }
})
