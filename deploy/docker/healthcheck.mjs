/**
 * Ends with 0 when the broker says that it is ready for clients, and with 1 otherwise. Asks `HEALTH_URL`, by default where the
 * image's configuration has it.
 */
const url = process.env.HEALTH_URL ?? 'http://127.0.0.1:9883/health/ready';
const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) }).catch((error) => ({
  ok: false,
  status: error.message,
}));
if (!answer.ok) {
  process.stderr.write(`${url}: ${answer.status}\n`);
  process.exitCode = 1;
}
