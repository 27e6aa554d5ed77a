import { loadLibrary } from '../src/config/families';
import { createDetectionEngines } from '../src/detection/engines';

/** The experiment families as they are shipped. */
export const LIBRARY = loadLibrary(createDetectionEngines());
