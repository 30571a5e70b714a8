/** Tables for the terminal, as `leveret bench` has them. */
export { formatTable, thousands } from '../../dist/bench/report/table.js';
