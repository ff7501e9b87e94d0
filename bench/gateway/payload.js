const WORDS = [
  'order',
  'shipped',
  'paid',
  'pending',
  'customer',
  'total',
  'note',
  'address',
  'berlin',
  'lisbon',
  'oslo',
  'quito',
];

/** An object whose JSON has so many bytes: records that resemble each other as an application's do, and so compress to about a quarter. */
export function payloadOf(sizeBytes) {
  let state = 4_711;
  const next = (below) => ((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 8) % below;
  const words = (count) => Array.from({ length: count }, () => WORDS[next(WORDS.length)]).join(' ');
  const message = { event: 'news', items: [], text: '' };
  for (;;) {
    const item = { id: next(1e9), at: 1.7e12 + next(1e9), title: words(4), amount: next(1e5) / 100 };
    message.items.push(item);
    if (JSON.stringify(message).length <= sizeBytes) continue;
    message.items.pop();
    break;
  }
  const rest = sizeBytes - JSON.stringify(message).length;
  return { ...message, text: words(rest).slice(0, rest) };
}
