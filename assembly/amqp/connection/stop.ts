/** Why `ingest` comes back: `Stop` in the host's interface says what each asks of it. */
export const STOP_END: u32 = 0;
export const STOP_FRAME: u32 = 1;
export const STOP_ROUTE: u32 = 2;
export const STOP_MESSAGE: u32 = 3;
export const STOP_MEMORY: u32 = 4;
export const STOP_TOPOLOGY: u32 = 5;
export const STOP_OVERSIZE: u32 = 6;
export const STOP_FRAME_END: u32 = 7;
export const STOP_WORK: u32 = 8;
/** Within a scan: it stops for STOP_WORK in the midst of a frame, which is brought again. */
export const STOP_AMID: u32 = 9;
