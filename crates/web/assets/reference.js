"use strict";
Scalar.createApiReference("#app", { url: "/api/openapi.json", withDefaultFonts: false, telemetry: false });
