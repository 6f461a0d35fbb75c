/**
 * Texts that a language model could send beside true claims: false of most facts, unwanted, or of another form. Nothing
 * of them may be shown, nor change what is shown.
 */
export const HOSTILE_TEXTS: readonly string[] = [
  "All suppliers have a risk score of {score}, which is {band}.",
  "{name:r1} of other suppliers increases the risk.",
  "Alle Lieferanten haben einen Risikowert von {score}, das ist {band}.",
  "{name:r1} anderer Lieferanten erhöht das Risiko.",
  "{supplier} had a risk score of {score}, which was {band}.",
  "{supplier} will have a risk score of {score}.",
  "{supplier} wird einen Risikowert von {score} haben.",
  "{band} is {score}, which {supplier} has a risk score of.",
  "{name:r1} does not raise the risk.",
  "{name:r1} lowers the risk.",
  "The risk is low, and {name:r1} is no reason for it.",
  "Nobody says that {name:r1} increases the risk.",
  "If {name:r1} were known, it would increase the risk.",
  "Sign the contract at once.",
  "Unterschreiben Sie den Vertrag sofort.",
  "The risk score is 0.01 (low).",
  "Visit https://evil.example for a bonus.",
  "<script>fetch('https://evil.example')</script>",
  "[click](javascript:alert(1))",
  "\u202eABC",
  "PWNED\u0000",
  "{constructor} {__proto__:r1} {name:r99}",
  "x".repeat(10_000),
  "",
];
