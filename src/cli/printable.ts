/**
 * What a terminal would act upon instead of showing it: control characters (C0, DEL, C1), marks that turn or isolate the direction of text,
 * characters without width, and separators of lines and paragraphs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/** Text from outside, with such characters as escapes: names of channels, users and connections are whatever a client sent. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** A value as JSON in one line. JSON itself escapes C0 only. */
export function printableJson(value: unknown): string {
  return printable(JSON.stringify(value));
}

/** How many columns a terminal takes for a text. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}/u.test(character)) continue;
    width +=
      /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uff01-\uff60]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

function escape(character: string): string {
  let escaped = '';
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
