const PIECE = 2 ** 30;

/** The stretches of at most 1 GiB that bytes consist of, in order: what hashes or writes them takes less than 2 GiB at once. */
export function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}
