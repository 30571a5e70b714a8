/**
 * What a location is in local files: the file of a writer, and octets in it. Nobody outside this folder looks into one.
 */
import type { Location } from '../../log/commit-log.js';

export interface FileLocation {
  /** The number of a file of the writer that tells of it. */
  readonly file: number;
  /** Where the file ends now: what is told of lies before that, and nothing yet behind it. */
  readonly end: number;
}

export function asLocation(place: FileLocation): Location {
  return place as unknown as Location;
}

export function inFile(location: Location): FileLocation {
  return location as unknown as FileLocation;
}
