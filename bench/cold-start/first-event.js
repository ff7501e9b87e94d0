// In a process of its own: loads a handler, gives it one event, and tells what that took. Nothing is loaded here beforehand.
const { process, performance } = globalThis;
const [, , file, event] = process.argv;
// As the runtime of Lambda does it.
const isCommonJs = file.endsWith('.cjs');
const { handler } = isCommonJs ? process.getBuiltinModule('module').createRequire(file)(file) : await import(file);
const loadedMs = performance.now();
const { statusCode } = await handler(JSON.parse(event));
const answeredMs = performance.now();
const { user, system } = process.cpuUsage();
const memoryMb = process.resourceUsage().maxRSS / 1_024;
const figures = { statusCode, loadedMs, answeredMs, cpuMs: (user + system) / 1_000, memoryMb };
// On a line of its own: what the handler logs is on others.
process.stdout.write(`\n${JSON.stringify(figures)}`, () => process.exit());
