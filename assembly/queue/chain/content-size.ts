/** How much room a message takes where it is sent. */
import { FRAME_BODY_MAX, FRAME_OVERHEAD } from '../../format/frame';
import { Message } from '../../memory/message';

/** Bytes that header and body frames of a message take with a frame-max, at most. */
@inline export function contentSize(message: Message, frameMax: u32): u32 {
  const body = message.bodySize;
  if (body <= message.firstLength && body + FRAME_OVERHEAD <= frameMax)
    return message.headerLength + body + FRAME_OVERHEAD;
  const frames = body / (frameMax - FRAME_OVERHEAD) + body / FRAME_BODY_MAX + 2;
  return message.headerLength + body + FRAME_OVERHEAD * frames;
}
