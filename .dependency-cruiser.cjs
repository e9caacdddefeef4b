/**
 * The import table: which room may go through which door. A room is entered by its index.ts only.
 * docs/architecture.md shows the same table; test/architecture.test.ts holds the two together.
 */
const DOORS = require('./.import-table.cjs');

const wrongDoors = Object.entries(DOORS).map(([room, allowed]) => ({
  name: `${room.replace('/', '-')}-doors`,
  comment: `${room} may import ${allowed.join(', ') || 'nothing of the house'}, through index.ts only.`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: '^src/',
    pathNot: [`^src/${room}/`, ...allowed.map((door) => `^src/${door}/index\\.ts$`)],
  },
}));

module.exports = {
  forbidden: [
    ...wrongDoors,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    { name: 'not-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '^src/(main|index)\\.ts$' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
