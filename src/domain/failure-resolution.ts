/** What a person shows for a failure to be resolved: something on record, or only words. */
export type ResolutionEvidence =
  { readonly simulationId: string } | { readonly deploymentId: string } | { readonly note: string };

/** The evidence as it is kept with the failure. */
export function evidenceText(evidence: ResolutionEvidence): string {
  if ('simulationId' in evidence) return `simulation ${evidence.simulationId}`;
  return 'deploymentId' in evidence ? `deployment ${evidence.deploymentId}` : evidence.note;
}
