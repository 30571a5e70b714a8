/**
 * Content in parts: a message that does not fit into one box is sent box by box. While it is on its way nothing else is encoded on its
 * connection, since the frames of one content may not be mixed with others of its channel. The message is held by a reference of its own:
 * the client may acknowledge, or the channel close, before it is sent whole.
 */
import { bodyFrameOf, FRAME_HEAD, FRAME_OVERHEAD, Message, Piece, pieceFrameOf, release, retain } from '../memory/message';
import { Connection } from './connection';
import { encodeBodyFrame, encodeHeader } from './encode';
import { filledTo, needService, openBox, outputAt, roomIn, unpark } from './output';

/** Begins to send a message's header and body; its method frame stands in the box already. */
export function startParts(connection: Connection, number: u32, message: Message): void {
  retain(message);
  connection.partsMessage = <u32>changetype<usize>(message);
  connection.partsChannel = number;
  connection.partsPiece = 0;
  connection.partsOffset = 0;
  connection.partsHeader = 0;
  continueParts(connection);
}

/** Fills the box with what comes next; at the end lets the consumers go on. */
export function continueParts(connection: Connection): void {
  const message = changetype<Message>(connection.partsMessage);
  if (!openBox(connection)) { needService(connection); return; }
  if (!connection.partsHeader) {
    if (roomIn(connection) < message.headerLength) return;
    filledTo(connection, encodeHeader(outputAt(connection), connection.partsChannel, message));
    connection.partsHeader = 1;
  }
  while (true) {
    const length = pieceLength(connection, message);
    while (connection.partsOffset < length) {
      const part = min(length - connection.partsOffset, connection.frameMax - FRAME_OVERHEAD);
      if (roomIn(connection) < part + FRAME_OVERHEAD) return;
      filledTo(connection, encodeBodyFrame(outputAt(connection), connection.partsChannel, pieceBody(connection, message) + connection.partsOffset, part));
      connection.partsOffset += part;
    }
    const next = connection.partsPiece ? changetype<Piece>(connection.partsPiece).next : message.next;
    if (!next) break;
    connection.partsPiece = next;
    connection.partsOffset = 0;
  }
  endParts(connection);
  unpark(connection);
}

@inline function pieceLength(connection: Connection, message: Message): u32 {
  return connection.partsPiece ? changetype<Piece>(connection.partsPiece).length : message.firstLength;
}

@inline function pieceBody(connection: Connection, message: Message): usize {
  return (connection.partsPiece ? pieceFrameOf(changetype<Piece>(connection.partsPiece)) : bodyFrameOf(message)) + FRAME_HEAD;
}

/** Lets go of the message, sent whole or not. */
export function endParts(connection: Connection): void {
  if (!connection.partsMessage) return;
  release(changetype<Message>(connection.partsMessage));
  connection.partsMessage = 0;
}
