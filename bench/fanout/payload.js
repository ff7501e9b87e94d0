/** JSON of so many bytes, as an object that is not encoded yet. */
export function payloadOf(sizeBytes) {
  const message = { event: 'news', id: 4711, text: '' };
  return { ...message, text: 'x'.repeat(sizeBytes - JSON.stringify(message).length) };
}
