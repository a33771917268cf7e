"use strict";
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.openapi,
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  // The validator is an outside service, and would be sent the address of this one.
  validatorUrl: null,
});
