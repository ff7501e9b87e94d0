const ENTRY = Buffer.from('PK\u0001\u0002', 'latin1');
const [NAME_LENGTH, NAME] = [28, 46];

/** The names of the files in an archive, from its central directory (APPNOTE.TXT 4.3.12). */
export function namesInZip(zip: Buffer): string[] {
  const names: string[] = [];
  for (let at = zip.indexOf(ENTRY); at !== -1; at = zip.indexOf(ENTRY, at + NAME)) {
    names.push(zip.toString('utf8', at + NAME, at + NAME + zip.readUInt16LE(at + NAME_LENGTH)));
  }
  return names;
}
