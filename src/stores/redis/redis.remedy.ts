const REMEDIES: readonly (readonly [sign: RegExp, remedy: string])[] = [
  [/\bWRONGTYPE\b/, 'a key under its prefix holds something else, so choose another "keyPrefix"'],
  [
    /\b(?:WRONGPASS|NOAUTH|NOPERM|AUTH)\b|can't run this command/,
    'check its user name, its password and what that user may do',
  ],
  [/^LOADING\b/, 'wait until Redis has loaded its data'],
  [/\bOOM\b/, 'Redis is at its "maxmemory", so give it more or store less in it'],
  [/\bREADONLY\b|\bread-only\b|read only replica/, 'this Redis is a replica, so name the primary'],
  [/\b(?:MOVED|CROSSSLOT)\b|non local key/, 'this Redis is a cluster, so give a client made by createCluster'],
];

/** How many causes of an error are looked at. */
const MAX_CAUSES = 2;

/** What to do about an error of Redis, where it tells: by a word in its text, which is not always the first. */
export function remedyOf(error: unknown): { readonly remedy?: string } {
  let current = error as Partial<Error> | null | undefined;
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    const text = String(current?.message);
    const remedy = REMEDIES.find(([sign]) => sign.test(text))?.[1];
    if (remedy !== undefined) return { remedy };
    current = current?.cause as Partial<Error> | null | undefined;
  }
  return {};
}
