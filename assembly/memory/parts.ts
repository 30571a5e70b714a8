/**
 * Which parts a build has. core.small.wasm (SMALL is defined: assembly/small.asconfig.json) keeps no log and leaves all
 * messages in memory: what asks for either is compiled out by this constant.
 */
export const IS_SMALL: bool = isDefined(SMALL);
