import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: [
    "./src/store/schema.ts",
    "./src/store/sign-in-schema.ts",
    "./src/store/notice-schema.ts",
    "./src/store/export-schema.ts",
    "./src/store/outcome-schema.ts",
    "./src/store/rule-schema.ts",
    "./src/store/retention-schema.ts",
    "./src/store/watchlist-schema.ts",
    "./src/store/delegation-schema.ts",
    "./src/store/external-score-schema.ts",
    "./src/store/merge-schema.ts",
  ],
  out: "./migrations",
});
