// NDJSON on stdin, one answer a line on stdout. An answer that fails says so, and the next line is read.
import { createInterface } from 'node:readline'

export async function answerLines(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line)
    let said
    try {
      said = await answer(order)
    } catch (error) {
      said = { error: String(error?.message ?? error) }
    }
    process.stdout.write(`${JSON.stringify({ id: order.id, ...said })}\n`)
  }
}
