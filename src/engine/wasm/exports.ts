/**
 * The exports of assembly/index.ts as TypeScript sees them: functions on numbers; src/numbers has the constants.
 * Nothing outside this folder knows them.
 */
export interface CoreFunctions {
  initCore(mebibytes: number, participants: number): number;
  joinCore(index: number, worker: number): number;
  participantAddress(): number;
  memoryUsed(): number;
  memoryFree(): number;
  setAside(bytes: number): number;
  setTime(now: number, micros: number): void;
  raiseTopology(): number;
  topologyEpoch(): number;
  applyTopology(epoch: number): void;
  createQueue(): number;
  setFeatures(queue: number): number;
  keepLength(queue: number): void;
  readyCount(queue: number): number;
  readyBytes(queue: number): number;
  oldestArrival(queue: number, asks: number): number;
  nextTimestamp(): number;
  setPaused(queue: number, paused: number): void;
  lastGet(queue: number): number;
  purge(queue: number, most: number): number;
  retireQueue(queue: number): number;
  freeQueue(queue: number): void;
  startLog(writer: number, firstMessage: number): number;
  setLogId(queue: number, id: number, nextPosition: number): void;
  takeBatch(): number;
  gathers(): number;
  recordDone(queue: number, from: number, count: number): void;
  gatheringBatch(): number;
  stampBatch(batch: number, low: number, high: number): void;
  beginParts(batch: number, messages: number): void;
  partOffset(): number;
  partOctets(): number;
  batchDone(batch: number): void;
  blockPublishers(blocked: number): void;
  beginRedelivered(queue: number): void;
  redeliveredCount(): number;
  redeliveredFrom(): number;
  redeliveredPriority(): number;
  priorityOf(queue: number, priority: number, make: number): number;
  setSpilled(queue: number, count: number, bytes: number): number;
  spilledCount(queue: number): number;
  firstSpilled(queue: number): number;
  presentCount(queue: number): number;
  pageOut(queue: number, margin: number, least: number, most: number): number;
  pageOutFill(offset: number, length: number): number;
  pageOutCount(): number;
  pageOutEnd(done: number): number;
  pageIn(queue: number): number;
  pageInTake(offset: number, length: number): number;
  pageInEnd(done: number): number;
  dropSpilled(queue: number): number;
  nextPageInRequest(): number;
  takeStaging(): number;
  giveStaging(segment: number): void;
  awaitNext(queue: number): number;
  browse(
    queue: number,
    from: number,
    anew: number,
    slots: number,
    bodyMost: number,
    offset: number,
    length: number,
  ): number;
  browseNext(): number;
  browseStop(): number;
  takeFrom(queue: number, from: number, end: number): number;
  takeOutcome(): number;
  takenPosition(): number;
  takenMessage(slot: number): number;
  settleTaken(slot: number): void;
  putTakenBack(slot: number): void;
  expiringQueues(): number;
  setSweepDelay(ms: number): void;
  sweep(): number;
  sweepPause(): number;
  nextDead(): number;
  settleDead(): void;
  keepDead(): number;
  settleDeadKept(slot: number): void;
  beginCopy(message: number, keyLength: number, payloadLength: number, count: number): number;
  endCopy(message: number): void;
  openConnection(id: number, vhost: number): number;
  setFrameMax(connection: number, bytes: number): void;
  setBodyMax(connection: number, bytes: number): void;
  setVhost(connection: number, vhost: number, counters: number): void;
  countForVhost(connection: number, counters: number): void;
  closeConnection(connection: number): void;
  ingest(connection: number, offset: number, length: number, work: number): number;
  openChannel(connection: number, number: number): number;
  closeChannel(channel: number): void;
  freeChannel(channel: number): void;
  contentState(channel: number): number;
  setConfirm(channel: number): void;
  setTransactional(channel: number): void;
  settleDelivery(channel: number, tag: number, multiple: number, how: number): number;
  isUnacked(channel: number, tag: number): number;
  deliveryArrival(channel: number, tag: number): number;
  setChannelPrefetch(channel: number, count: number): void;
  setUnackedMax(channel: number, count: number): void;
  recover(channel: number): void;
  unackedCount(channel: number): number;
  unconfirmedCount(channel: number): number;
  lastTag(channel: number): number;
  installRoute(connection: number, count: number, flags: number, counters: number): void;
  beginBlank(keyLength: number, payloadLength: number, bodySize: number, persistent: number, count: number): number;
  preparePublish(message: number, count: number): number;
  beginLife(message: number): void;
  publishTo(message: number, count: number): number;
  endPublish(channel: number, message: number, taken: number): void;
  releaseMessage(message: number): void;
  keepMessage(message: number): void;
  messageHeaderOffset(message: number): number;
  messageHeaderLength(message: number): number;
  messageKeyOffset(message: number): number;
  messageKeyLength(message: number): number;
  messageArrival(message: number): number;
  messageMandatory(message: number): number;
  messageBodySize(message: number): number;
  nextPiece(message: number, piece: number): number;
  pieceOffset(message: number, piece: number): number;
  pieceLength(message: number, piece: number): number;
  returnMessage(channel: number, message: number, code: number, textLength: number): void;
  addConsumer(
    channel: number,
    queue: number,
    tagLength: number,
    noAck: number,
    prefetch: number,
    priority: number,
  ): number;
  cancelConsumer(consumer: number): void;
  oldestUnacked(consumer: number): number;
  requeueDeliveries(consumer: number): void;
  heldDeliveries(channel: number): number;
  consumerState(consumer: number): number;
  deliveredAt(consumer: number): number;
  acknowledgedAt(consumer: number): number;
  isOwed(queue: number): number;
  extentPriorities(queue: number): number;
  extentEnd(queue: number, priority: number): number;
  extentBackEnd(queue: number, priority: number): number;
  isExtentLeft(queue: number, priority: number, end: number, backEnd: number): number;
  isDrained(queue: number): number;
  getMessage(channel: number, queue: number, noAck: number): number;
  serve(): number;
  nextOutput(): number;
  takeOutput(connection: number): number;
  written(connection: number, box: number): void;
  outputIdle(connection: number): number;
  sleep(): number;
  wake(): void;
  countMore(counter: number, more: number): void;
  countMoreAt(queue: number, counter: number, more: number): void;
  timeDeliveries(now: number, micros: number): void;
  latencyCount(bucket: number): number;
  latencySum(): number;
  counted(counter: number): number;
  unitsInUse(kind: number): number;
  countedByOne(participant: number, counter: number): number;
  countedAt(queue: number, counter: number): number;
  openCounters(list: number): number;
  closeCounters(list: number): void;
  countMoreIn(list: number, counter: number, more: number): void;
  countedIn(list: number, counter: number): number;
  countedOf(channel: number, counter: number): number;
  countedOfEnded(connection: number, counter: number): number;
  countMoreOf(channel: number, ofChannel: number, more: number, counter: number): void;
  activeAt(channel: number): number;
}
