/** Why a data directory cannot be used, in words for its owner. Alone, for those who need no data directory. */
export class DataDirectoryError extends Error {}
