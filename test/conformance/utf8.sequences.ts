type Sequence = readonly [description: string, bytes: Uint8Array];

const utf8 = (description: string, value: string): Sequence => [description, Buffer.from(value)];
const bytes = (description: string, hex: string): Sequence => [
  description,
  Buffer.from(hex.replaceAll(' ', ''), 'hex'),
];

const ofCodePoint = (codePoint: number): Sequence =>
  utf8(`U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`, String.fromCodePoint(codePoint));

/** The edges of each length, what is beside the surrogates, and non-characters, which are legal in UTF-8. */
const CODE_POINTS = [
  ...[0x00, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff],
  ...[0xd7ff, 0xe000, 0xfdd0, 0xfdef, 0xfeff, 0xfffd, 0xfffe],
  ...Array.from({ length: 16 }, (_, plane) => [0x1fffe + plane * 0x10000, 0x1ffff + plane * 0x10000]).flat(),
];

/** RFC 3629: texts. */
export const validSequences: readonly Sequence[] = [
  utf8('ASCII', 'Hello-µ@ßöäüàá-UTF-8!!'),
  utf8('characters of two and three bytes', 'κόσμε'),
  utf8('characters of four bytes', 'a😀b𝄞'),
  utf8('a byte order mark before a text', '\ufefftext'),
  utf8('combined characters', 'e\u0301 🏳️‍🌈'),
  ...CODE_POINTS.map(ofCodePoint),
];

/** RFC 3629 section 3: what is not UTF-8. */
export const invalidSequences: readonly Sequence[] = [
  bytes('a surrogate within a text', 'ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64'),
  bytes('a code point beyond the last within a text', 'ce ba e1 bd b9 cf 83 ce bc ce b5 f4 90 80 80 65 64 69 74 65 64'),
  bytes('the first byte of a character, and no more', 'ce'),
  bytes('two bytes of a character of three', 'ce ba e1 bd'),
  bytes('three bytes of a character of four', 'f0 9f 98'),
  bytes('two bytes of a character of four', 'f0 9f'),
  bytes('a first byte where a second must be', 'e2 82 e2 82 ac'),
  bytes('ASCII where a third byte must be', 'e2 82 41'),
  bytes('a second byte without a first', '80'),
  bytes('another second byte without a first', 'bf'),
  bytes('seven second bytes', '80 bf 80 bf 80 bf 80'),
  bytes('a character of five bytes', 'f8 88 80 80 80'),
  bytes('a character of six bytes', 'fc 84 80 80 80 80'),
  bytes('the largest character of five bytes', 'fb bf bf bf bf'),
  bytes('the largest character of six bytes', 'fd bf bf bf bf bf'),
  bytes('U+110000', 'f4 90 80 80'),
  bytes('U+1FFFFF', 'f7 bf bf bf'),
  bytes('the byte FE', 'fe'),
  bytes('the byte FF', 'ff'),
  bytes('bytes FE and FF', 'fe fe ff ff'),
  bytes('/ in two bytes', 'c0 af'),
  bytes('/ in three bytes', 'e0 80 af'),
  bytes('/ in four bytes', 'f0 80 80 af'),
  bytes('/ in five bytes', 'f8 80 80 80 af'),
  bytes('NUL in two bytes', 'c0 80'),
  bytes('NUL in three bytes', 'e0 80 80'),
  bytes('NUL in four bytes', 'f0 80 80 80'),
  bytes('U+007F in two bytes', 'c1 bf'),
  bytes('U+07FF in three bytes', 'e0 9f bf'),
  bytes('U+FFFF in four bytes', 'f0 8f bf bf'),
  ...['d800', 'db7f', 'db80', 'dbff', 'dc00', 'df80', 'dfff'].map((unit) =>
    bytes(`the surrogate ${unit.toUpperCase()}`, surrogate(unit)),
  ),
  bytes('a pair of surrogates', surrogate('d83d') + surrogate('de00')),
  ...range(0xc0, 0xff).map((first) => bytes(`${first.toString(16)} and a space`, `${first.toString(16)} 20`)),
];

/** A UTF-16 unit in three bytes, as CESU-8 writes it. */
function surrogate(unit: string): string {
  const value = Number.parseInt(unit, 16);
  return Buffer.of(0xe0 | (value >> 12), 0x80 | ((value >> 6) & 0x3f), 0x80 | (value & 0x3f)).toString('hex');
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
