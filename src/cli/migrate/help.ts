/** What `leveret migrate --help` prints, made from the table of flags. */
import { helpOf } from '../config/flag-table.js';
import { FLAGS, SUBJECTS } from './table.js';

export const MIGRATE_HELP = `Usage: leveret migrate --from URL [options]

Moves what a broker has to a Leveret: what is declared there, then the messages of its queues, with
their properties, their order, and the exchange and routing key that they were published with. A
message is acknowledged at the source when the target has confirmed it. Nothing else is changed at
the source. Cut off at any moment, the same command goes on where it was.

${helpOf(FLAGS, SUBJECTS)}

Exit codes: 0, all is moved; 1, the command line is wrong, or a broker has not what is needed; 2,
something is left at the source, and it was said what and why; 69, a broker is away for too long.
`;
