const PLAIN = /^[A-Za-z0-9_.~@=+/,-]*$/;
const SPECIAL = /[^A-Za-z0-9_.~@=+/,-]/gu;

/**
 * A name as part of a key. Names of everyday characters, connection ids among them, stay as they are; anything that separates,
 * globs or breaks a line somewhere (`:`, `*`, `{`, space, newline …) is percent-encoded, so no name reads as another key.
 */
export function encodeName(name: string): string {
  return PLAIN.test(name) ? name : name.replace(SPECIAL, percentEncode);
}

/** The name that {@link encodeName} encoded. */
export function decodeName(encoded: string): string {
  return encoded.includes('%') ? decodeURIComponent(encoded) : encoded;
}

function percentEncode(character: string): string {
  // What encodeURIComponent leaves alone (`!*'()`) or throws at: a lone surrogate becomes `%D83D`, which no UTF-8 sequence does.
  const encoded = character.isWellFormed() ? encodeURIComponent(character) : character;
  return encoded === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : encoded;
}
