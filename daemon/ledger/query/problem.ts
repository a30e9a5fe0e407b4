/** Something that does not hold. */
export interface Problem {
  /** `journal` a damaged line or a gap · `chain` a record does not follow from the one before · `file` a file is not what the journal says · `missing` it is not there · `sum` a parent is not the sum of its children · `proof` a math proof does not hold. */
  readonly kind: 'journal' | 'chain' | 'file' | 'missing' | 'sum' | 'proof';
  /** File (with byte offset for the journal) or id. */
  readonly where: string;
  readonly what: string;
}
