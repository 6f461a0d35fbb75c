/** Returns where texts about the draft of a rule set are kept in the tab. @param modelName empty: the default model */
export const draftPlace = (modelName: string, setId: string, version: bigint): string =>
  `${modelName === "" ? "" : `${modelName}/`}${setId}/${version}`;
