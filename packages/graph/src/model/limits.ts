/** Most nodes of a graph, its inlined functions included. */
export const MOST_NODES: number = 1_000_000;
/** Most messages, strings and list pieces of a file: what a few bytes each would turn into objects of a hundred. */
export const MOST_PARTS: number = 4_000_000;
/** Most dimensions of a value. */
export const MOST_DIMENSIONS: number = 64;
/** Largest file that protobuf itself allows, in bytes. */
export const LARGEST_FILE: number = 2 ** 31 - 1;
/** Oldest version of the file format that says which operators it is written for. */
export const OLDEST_IR: number = 3;
/** Newest version of the file format that is understood. */
export const NEWEST_IR: number = 14;
/** Newest version of the standard operators whose meaning is known. */
export const NEWEST_OPSET: number = 28;
/** Deepest nesting of functions inside functions. */
export const DEEPEST_CALL: number = 64;
