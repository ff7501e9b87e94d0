import { byId } from './dom.js';

const text = byId('text');

/** Sends what is written with Enter, and tells when somebody writes. */
export function watchComposer({ onSend, onInput }) {
  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (words === '') return;
    onSend(words);
    text.value = '';
    fit();
  });
  text.addEventListener('keydown', (event) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId('composer').requestSubmit();
  });
  text.addEventListener('input', () => {
    fit();
    onInput(text.value.trim() !== '');
  });
}

export function focusComposer() {
  fit();
  text.focus();
}

/** Puts a message that was not delivered back where it was written, unless something else is being written there. */
export function giveBack(conversation, words, isOnScreen) {
  if (!isOnScreen) conversation.draft ||= words;
  else if (text.value === '') {
    text.value = words;
    fit();
  }
}

function fit() {
  text.style.height = 'auto';
  text.style.height = `${text.scrollHeight}px`;
}
