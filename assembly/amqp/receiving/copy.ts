/**
 * Messages that the host makes: copies, the body as it is, with another key and another header, and blanks, whose body
 * it fills in, too. It does so between `newCopy` or `newBlank` and `finishCopy`.
 */
import { FRAME_BODY_MAX, FRAME_END, FRAME_HEAD, FRAME_OVERHEAD } from '../../format/frame';
import { copyExactly, write16, write32 } from '../../memory/bytes';
import {
  ASK,
  borrowReserve,
  bodyFrameOf,
  frameFirst,
  headerOf,
  LOGGABLE,
  Message,
  newMessage,
  newPiece,
  Piece,
  pieceFrameOf,
  release,
} from '../../memory/message';
import { isLogging } from '../../log/journal';
import { isPersistent } from '../../memory/properties';
import { inspect } from './inspect';

/** A message with the body of `from` and room for key and header payload; 0 when there is no memory. */
export function newCopy(from: Message, keyLength: u32, payloadLength: u32): usize {
  borrowReserve(true);
  const address = newMessage(
    keyLength,
    payloadLength + FRAME_OVERHEAD,
    from.bodySize,
    false,
    isLogging() && isPersistent(from),
  );
  const whole = address != 0 && copyPieces(from, changetype<Message>(address));
  borrowReserve(false);
  if (whole || !address) return address;
  release(changetype<Message>(address));
  return 0;
}

function copyPieces(from: Message, to: Message): bool {
  if (from.firstLength) copyExactly(bodyFrameOf(to) + FRAME_HEAD, bodyFrameOf(from) + FRAME_HEAD, from.firstLength);
  let last = changetype<Piece>(0);
  for (let piece = changetype<Piece>(from.next); changetype<usize>(piece); piece = changetype<Piece>(piece.next)) {
    const copy = newPiece(piece.length, (to.flags & LOGGABLE) != 0);
    if (!copy) return false;
    copyExactly(pieceFrameOf(changetype<Piece>(copy)) + FRAME_HEAD, pieceFrameOf(piece) + FRAME_HEAD, piece.length);
    if (changetype<usize>(last)) last.next = <u32>copy;
    else to.next = <u32>copy;
    last = changetype<Piece>(copy);
  }
  return true;
}

/**
 * A message with room for key, header payload and body; `persistent` is what its header will say. 0 when there is no
 * memory.
 */
export function newBlank(keyLength: u32, payloadLength: u32, bodySize: u32, persistent: bool): usize {
  const address = newMessage(keyLength, payloadLength + FRAME_OVERHEAD, bodySize, true, isLogging() && persistent);
  if (!address || addPieces(changetype<Message>(address))) return address;
  release(changetype<Message>(address));
  return 0;
}

/** Room for the body beyond the first piece. */
function addPieces(message: Message): bool {
  let last = changetype<Piece>(0);
  for (let left = message.bodySize - message.firstLength; left > 0;) {
    const length = min(left, FRAME_BODY_MAX);
    const piece = newPiece(length, (message.flags & LOGGABLE) != 0);
    if (!piece) return false;
    if (changetype<usize>(last)) last.next = <u32>piece;
    else message.next = <u32>piece;
    last = changetype<Piece>(piece);
    left -= length;
  }
  return true;
}

/** Key and header payload are in their places: frames them, and sees what the header asks for. */
export function finishCopy(message: Message): void {
  const header = headerOf(message);
  const length = message.headerLength - FRAME_OVERHEAD;
  store<u8>(header, 2);
  write16(header + 1, 0);
  write32(header + 3, length);
  store<u8>(header + FRAME_HEAD + length, FRAME_END);
  frameFirst(message);
  message.flags = (<u16>(inspect(header + FRAME_HEAD, length) & ~ASK)) | (message.flags & (<u16>LOGGABLE));
}
