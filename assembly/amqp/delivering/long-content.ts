/**
 * Content in parts: a message that does not fit into one box is sent box by box. While it is on its way nothing else is
 * encoded on its connection, since the frames of one content may not be mixed with others of its channel. The message
 * is held by a reference of its own: the client may acknowledge, or the channel close, before it is sent whole.
 */
import { FRAME_OVERHEAD } from '../../format/frame';
import { Message, release, retain } from '../../memory/message';
import { Connection } from '../connection/connection';
import { bodyOffset, bodyPiece, encodeBodyFrame, encodeHeader, seekBody } from './encode';
import { DELIVERY_COUNT_ROOM } from './delivery-count';
import { filledTo, needService, openBox, outputAt, roomIn, unpark } from './output';

/** Begins to send a message's header and body; its method frame stands in the box already. */
export function startParts(connection: Connection, number: u32, message: Message, requeues: u32): void {
  retain(message);
  connection.partsMessage = <u32>changetype<usize>(message);
  connection.partsChannel = number;
  connection.partsPiece = 0;
  connection.partsOffset = 0;
  connection.partsLeft = message.bodySize;
  connection.partsHeader = 0;
  connection.partsRequeues = requeues;
  continueParts(connection);
}

/** Fills the box with what comes next; at the end lets the consumers go on. */
export function continueParts(connection: Connection): void {
  const message = changetype<Message>(connection.partsMessage);
  if (!openBox(connection)) {
    needService(connection);
    return;
  }
  if (!connection.partsHeader) {
    if (roomIn(connection) < message.headerLength + DELIVERY_COUNT_ROOM) return;
    filledTo(
      connection,
      encodeHeader(
        outputAt(connection),
        connection.partsChannel,
        message,
        connection.partsRequeues,
        connection.frameMax,
      ),
    );
    connection.partsHeader = 1;
  }
  while (connection.partsLeft) {
    const part = min(connection.partsLeft, connection.frameMax - FRAME_OVERHEAD);
    if (roomIn(connection) < part + FRAME_OVERHEAD) return;
    seekBody(message, connection.partsPiece, connection.partsOffset);
    filledTo(connection, encodeBodyFrame(outputAt(connection), connection.partsChannel, part));
    connection.partsPiece = bodyPiece;
    connection.partsOffset = bodyOffset;
    connection.partsLeft -= part;
  }
  endParts(connection);
  unpark(connection);
}

/** Lets go of the message, sent whole or not. */
export function endParts(connection: Connection): void {
  if (!connection.partsMessage) return;
  release(changetype<Message>(connection.partsMessage));
  connection.partsMessage = 0;
}
