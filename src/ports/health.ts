/** What a dependency answered when it was asked. */
export interface Probe {
  readonly ok: boolean;
  /** For people: what is wrong. */
  readonly detail?: string;
}

/** Questions to the dependencies, each asked anew on every call; whoever asks sets the time limit and caches. */
export interface HealthProbes {
  database(): Promise<Probe>;
  temporal(): Promise<Probe>;
  /** Not ok while a migration is missing. */
  migrations(): Promise<Probe>;
  /** The researcher's model, over its unbilled endpoint; asked only when one is configured. */
  llm(): Promise<Probe>;
  /** False with the offline researcher, which needs no model. */
  readonly llmConfigured: boolean;
  /** True from the moment the process was told to stop. */
  draining(): boolean;
}
