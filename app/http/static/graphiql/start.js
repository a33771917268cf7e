"use strict";
const place = document.getElementById("graphiql");
const start = `# Set your access token under "Headers" below:
#   {"Authorization": "Bearer ..."}
query {
  __typename
}
`;
ReactDOM.createRoot(place).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: place.dataset.endpoint }),
    defaultQuery: start,
    defaultEditorToolsVisibility: "headers",
    // A token must not stay behind in the browser's storage.
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false,
  }),
);
