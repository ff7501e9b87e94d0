/** Where the WebSocket is: what the page's `chat-gateway` names, or the server that the page came from. */
export function gatewayUrls() {
  const { content } = document.querySelector('meta[name="chat-gateway"]');
  const named = content.split(',').map((url) => url.trim());
  return content.trim() === '' ? [`${location.origin.replace(/^http/, 'ws')}/ws`] : named;
}
