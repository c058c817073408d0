// Reads charts, one a line as {"chart"}, with Mermaid's own parser: their nodes and edges, or what is wrong.
import { createInterface } from 'node:readline'

import { JSDOM } from 'jsdom'

globalThis.window = new JSDOM('<!doctype html><body></body>').window
globalThis.document = globalThis.window.document
const { default: mermaid } = await import('mermaid')
// Mermaid changes codes to these marks before it parses, and marks to characters when it draws.
const shown = (text) =>
  text.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)))

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const { chart } = JSON.parse(line)
    await mermaid.parse(chart)
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(chart)
    const nodes = [...db.getVertices().values()].map(({ id, text, classes }) => ({
      id,
      text: shown(text),
      classes,
    }))
    const edges = db.getEdges().map(({ start, end, text, stroke }) => ({
      start,
      end,
      text: shown(text),
      stroke,
    }))
    console.log(JSON.stringify({ nodes, edges }))
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }))
  }
}
