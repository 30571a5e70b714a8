/** What the host reads of a message that it holds, and how it holds one. */
import { arrivedAt } from '../memory/latency';
import { FRAME_HEAD } from '../format/frame';
import {
  flushReleases,
  MANDATORY,
  headerOf,
  keyOf,
  Message,
  Piece,
  release,
  retain,
  bodyFrameOf,
  pieceFrameOf,
} from '../memory/message';

export function keepMessage(message: usize): void {
  retain(changetype<Message>(message));
}

/** Lets go of a message that the host holds. */
export function releaseMessage(message: usize): void {
  release(changetype<Message>(message));
  flushReleases();
}

export function messageHeaderOffset(message: usize): usize {
  return headerOf(changetype<Message>(message)) + FRAME_HEAD;
}

export function messageHeaderLength(message: usize): u32 {
  return changetype<Message>(message).headerLength - FRAME_HEAD - 1;
}

export function messageKeyOffset(message: usize): usize {
  return keyOf(changetype<Message>(message));
}

export function messageKeyLength(message: usize): u32 {
  return changetype<Message>(message).keyLength;
}

export function messageArrival(message: usize): f64 {
  return arrivedAt(changetype<Message>(message));
}

export function messageMandatory(message: usize): bool {
  return (changetype<Message>(message).flags & MANDATORY) != 0;
}

export function messageBodySize(message: usize): u32 {
  return changetype<Message>(message).bodySize;
}

/** The body's pieces one by one: the one behind `piece`; the first is 0, and 0 comes back behind the last. */
export function nextPiece(message: usize, piece: usize): usize {
  return piece ? changetype<Piece>(piece).next : changetype<Message>(message).next;
}

export function pieceOffset(message: usize, piece: usize): usize {
  return (piece ? pieceFrameOf(changetype<Piece>(piece)) : bodyFrameOf(changetype<Message>(message))) + FRAME_HEAD;
}

export function pieceLength(message: usize, piece: usize): u32 {
  return piece ? changetype<Piece>(piece).length : changetype<Message>(message).firstLength;
}
