import type { DetectionContext, DetectionEngines, DetectorKind, DetectorKinds } from '../detection';
import type { Detector } from '../detector';
import type { Evidence, Transcript } from '../experiment';
import { CANARY_DETECTOR } from './canary-detector';
import { FIGURE_DETECTORS } from './figure-detectors';
import { FORM_DETECTORS } from './form-detectors';
import { JUDGED_DETECTOR } from './judged-detector';
import { LOAD_DETECTORS } from './load-detectors';
import { logicDetectors } from './logic-detectors';
import { REFUSAL_DETECTOR } from './refusal-detector';
import { TEXT_DETECTORS } from './text-detectors';
import { TOOL_DETECTORS } from './tool-detectors';

/** Every kind of detector: a new one does not compile until it works. */
const DETECTOR_KINDS: DetectorKinds<Detector['kind']> = {
  ...TEXT_DETECTORS,
  ...FORM_DETECTORS,
  ...CANARY_DETECTOR,
  ...TOOL_DETECTORS,
  ...FIGURE_DETECTORS,
  ...LOAD_DETECTORS,
  ...REFUSAL_DETECTOR,
  ...JUDGED_DETECTOR,
  ...logicDetectors({ evidence: evidenceOf, describe }),
};

export function evidenceOf(
  detector: Detector,
  transcript: Transcript,
  context: DetectionContext,
): readonly Evidence[] {
  return kindOf(detector).evidence(detector, transcript, context);
}

/** What is wrong with the settings of a detector, those nested in it aside. */
export function settingsProblem(detector: Detector, engines: DetectionEngines): string | undefined {
  return kindOf(detector).problem(detector, engines);
}

function describe(detector: Detector): string {
  return kindOf(detector).describe(detector);
}

/** The entry has the settings of the detector's own kind, which the method signatures let the compiler take on trust. */
function kindOf(detector: Detector): DetectorKind<Detector> {
  return DETECTOR_KINDS[detector.kind];
}
