/** Stands for `*` in the name of a record, where a star would be no fit name for a file. */
const FAMILY = '_wildcard.';

/** Each name asked for is a look elsewhere, so a host with endless labels earns no endless looks. */
const PARENTS_MAX = 8;

/** The records that the hosts of a family share, the closest first: `_wildcard.b.example`, `_wildcard.example`. */
export function familiesOf(host: string): readonly string[] {
  const labels = host.split('.');
  const parents = labels
    .map((_, index) => labels.slice(index + 1).join('.'))
    .filter((parent) => parent !== '');
  return parents.slice(-PARENTS_MAX).map((parent) => `${FAMILY}${parent}`);
}
