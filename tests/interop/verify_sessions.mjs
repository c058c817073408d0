// Verifies events signed under a capability as js-ceramic and the SDK do, with the verifiers for CACAOs.
// In: {id, car, issuer, at}: the CAR as multibase text, the stream's controller, the time that counts as now.
// Out: {id, kid, capability, block, exact}, or {id, error}: the capability as JSON, the block that is made of it.
import { InitEventPayload, TimeEvent, carFromString, eventFromCAR, getSignedEventPayload } from '@ceramic-sdk/events'
import { DocumentDataEventPayload } from '@ceramic-sdk/model-instance-protocol'
import { Cacao, CacaoBlock } from '@didtools/cacao'
import { getEIP191Verifier } from '@didtools/pkh-ethereum'
import { getSolanaVerifier } from '@didtools/pkh-solana'
import { union } from 'codeco'
import { DID } from 'dids'
import * as KeyResolver from 'key-did-resolver'
import { getResolver } from 'pkh-did-resolver'

import { answerLines } from './lines.mjs'

const Unsigned = union([TimeEvent, InitEventPayload])
const Signed = union([DocumentDataEventPayload, InitEventPayload])
const verifiers = { ...getEIP191Verifier(), ...getSolanaVerifier() }
const verifier = new DID({ resolver: { ...KeyResolver.getResolver(), ...getResolver() } })

const hex = (bytes) => Buffer.from(bytes).toString('hex')

await answerLines(async ({ car, issuer, at }) => {
  const event = eventFromCAR(Unsigned, carFromString(car))
  await getSignedEventPayload(Signed, event)
  const capability = await Cacao.fromBlockBytes(event.cacaoBlock)
  const { kid } = await verifier.verifyJWS(event.jws, { issuer, capability, verifiers, atTime: new Date(at) })
  const block = await CacaoBlock.fromCacao(JSON.parse(JSON.stringify(capability)))
  const header = JSON.parse(Buffer.from(event.jws.signatures[0].protected, 'base64url'))
  return {
    kid,
    capability,
    block: hex(block.bytes),
    exact: hex(block.bytes) === hex(event.cacaoBlock) && header.cap === `ipfs://${block.cid}`,
  }
})
