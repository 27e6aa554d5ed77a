export { expandFamily } from './expand-family';
export { mergeFamilies } from './family';
export type { ExperimentFamily, ExperimentLibrary, FamilyExperiment } from './family';
export { FAMILY_FILE, familyFileSchema } from './family-file';
