// Opens sessions as applications in JavaScript do, and writes events with them.
// In: {id, wallet: {kind: ethereum|solana, secret, chain}, key: seed|webcrypto, resources, seconds, model}.
// Out: {id, account, capability, block, seed, cars}: the CACAO as JSON and as a block, the session key's secret
// where it can be had, an init event and a data event on top of it. Bytes are in hex.
import { carToString, createSignedInitEvent, signEvent, signedEventToCAR } from '@ceramic-sdk/events'
import { StreamID } from '@ceramic-sdk/identifiers'
import { CacaoBlock } from '@didtools/cacao'
import { WebcryptoProvider, generateP256KeyPair } from '@didtools/key-webcrypto'
import { EthereumNodeAuth, getAccountId } from '@didtools/pkh-ethereum'
import { SolanaNodeAuth, getAccountIdByNetwork } from '@didtools/pkh-solana'
import { ed25519 } from '@noble/curves/ed25519'
import { DIDSession, createDIDCacao } from 'did-session'
import { DID } from 'dids'
import * as KeyResolver from 'key-did-resolver'
import { base58btc } from 'multiformats/bases/base58'
import { privateKeyToAccount } from 'viem/accounts'

import { answerLines } from './lines.mjs'

const APPLICATION = 'app.example'
const PATCH = [{ op: 'replace', path: '/n', value: 2 }]

const hex = (bytes) => Buffer.from(bytes).toString('hex')
const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'))

const WALLETS = {
  async ethereum({ secret, chain }) {
    const account = privateKeyToAccount(`0x${secret}`)
    const answers = {
      eth_chainId: () => `0x${Number(chain).toString(16)}`,
      personal_sign: ([raw]) => account.signMessage({ message: { raw } }),
    }
    const provider = { request: async ({ method, params }) => answers[method](params) }
    const id = await getAccountId(provider, account.address)
    return { id, authMethod: await EthereumNodeAuth.getAuthMethod(provider, id, APPLICATION) }
  },

  async solana({ secret, chain }) {
    const seed = bytes(secret)
    const address = base58btc.baseEncode(ed25519.getPublicKey(seed))
    const provider = { signMessage: async (message) => ({ signature: ed25519.sign(message, seed) }) }
    const id = getAccountIdByNetwork(chain, address)
    return { id, authMethod: await SolanaNodeAuth.getAuthMethod(provider, id, APPLICATION) }
  },
}

const KEYS = {
  async seed(authMethod, options) {
    const session = await DIDSession.authorize(authMethod, options)
    const { sessionKeySeed } = JSON.parse(Buffer.from(session.serialize(), 'base64url'))
    return { did: session.did, capability: session.cacao, seed: hex(Buffer.from(sessionKeySeed, 'base64')) }
  },

  // What DIDSession.get does in a browser, but for the store in which it keeps the key.
  async webcrypto(authMethod, { resources, expiresInSecs }) {
    const provider = new WebcryptoProvider(await generateP256KeyPair())
    const key = new DID({ provider, resolver: KeyResolver.getResolver() })
    await key.authenticate()
    const expirationTime = new Date(Date.now() + expiresInSecs * 1000).toISOString()
    const capability = await authMethod({ resources, expirationTime, uri: key.id })
    return { did: await createDIDCacao(key, capability), capability }
  },
}

await answerLines(async ({ wallet, key, resources, seconds, model }) => {
  const { id, authMethod } = await WALLETS[wallet.kind](wallet)
  const { did, capability, seed } = await KEYS[key](authMethod, { resources, expiresInSecs: seconds })
  const header = { model: StreamID.fromString(model), sep: 'model' }
  const init = signedEventToCAR(await createSignedInitEvent(did, { n: 1 }, header))
  const [stream] = init.roots
  const data = signedEventToCAR(await signEvent(did, { data: PATCH, id: stream, prev: stream }))
  const block = await CacaoBlock.fromCacao(capability)
  const cars = [carToString(init), carToString(data)]
  return { account: id.toString(), capability, block: hex(block.bytes), seed, cars }
})
