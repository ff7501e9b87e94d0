import { connectionId } from '../../state/population.js';

const ids = [];

/** The id of a connection; made once, for making it costs a hash. */
export const idOf = (index) => (ids[index] ??= connectionId(index));
